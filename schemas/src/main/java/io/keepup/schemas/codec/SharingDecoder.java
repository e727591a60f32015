package io.keepup.schemas.codec;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.SystemLimitException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;

/** Avro's binary decoder over one array, but {@code bytes} are views of the array instead of copies. Not thread-safe. */
final class SharingDecoder extends Decoder {

    private static final byte[] NOTHING = {};

    private BinaryDecoder in;
    private byte[] array;
    private int end;

    /** Begins with so many bytes of an array from an offset on. */
    SharingDecoder over(byte[] bytes, int offset, int length) {
        array = bytes;
        end = offset + length;
        in = DecoderFactory.get().binaryDecoder(bytes, offset, length, in);
        return this;
    }

    /** Whether all was read. */
    boolean isEnd() throws IOException {
        return in.isEnd();
    }

    /** Lets go of the array. */
    void forget() {
        over(NOTHING, 0, 0);
    }

    @Override
    public ByteBuffer readBytes(ByteBuffer old) throws IOException {
        int length = SystemLimitException.checkMaxBytesLength(in.readLong());
        int left = in.remainingBytes();
        if (length > left) {
            throw new EOFException("%s bytes are said to follow, %s do".formatted(length, left));
        }
        ByteBuffer view = ByteBuffer.wrap(array, end - left, length).slice();
        in.skipFixed(length);
        return view;
    }

    @Override
    public void readNull() throws IOException {
        in.readNull();
    }

    @Override
    public boolean readBoolean() throws IOException {
        return in.readBoolean();
    }

    @Override
    public int readInt() throws IOException {
        return in.readInt();
    }

    @Override
    public long readLong() throws IOException {
        return in.readLong();
    }

    @Override
    public float readFloat() throws IOException {
        return in.readFloat();
    }

    @Override
    public double readDouble() throws IOException {
        return in.readDouble();
    }

    @Override
    public Utf8 readString(Utf8 old) throws IOException {
        return in.readString(old);
    }

    @Override
    public String readString() throws IOException {
        return in.readString();
    }

    @Override
    public void skipString() throws IOException {
        in.skipString();
    }

    @Override
    public void skipBytes() throws IOException {
        in.skipBytes();
    }

    @Override
    public void readFixed(byte[] bytes, int start, int length) throws IOException {
        in.readFixed(bytes, start, length);
    }

    @Override
    public void skipFixed(int length) throws IOException {
        in.skipFixed(length);
    }

    @Override
    public int readEnum() throws IOException {
        return in.readEnum();
    }

    @Override
    public long readArrayStart() throws IOException {
        return in.readArrayStart();
    }

    @Override
    public long arrayNext() throws IOException {
        return in.arrayNext();
    }

    @Override
    public long skipArray() throws IOException {
        return in.skipArray();
    }

    @Override
    public long readMapStart() throws IOException {
        return in.readMapStart();
    }

    @Override
    public long mapNext() throws IOException {
        return in.mapNext();
    }

    @Override
    public long skipMap() throws IOException {
        return in.skipMap();
    }

    @Override
    public int readIndex() throws IOException {
        return in.readIndex();
    }
}
