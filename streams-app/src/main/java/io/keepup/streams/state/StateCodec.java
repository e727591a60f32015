package io.keepup.streams.state;

import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.AvroSafety;
import io.keepup.schemas.codec.RecordEncoder;
import io.keepup.v1.state.StoredVolume;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * A volume's state as bytes, for the state store and its changelog.
 *
 * <pre>
 * +-----------------+----------------------------------------+
 * | version, 1 byte | Avro binary in that version's schema   |
 * +-----------------+----------------------------------------+
 * </pre>
 *
 * Bytes of every released version are read for ever. Not thread-safe: one for each stream task.
 */
public final class StateCodec {

    /** Version that is written. */
    static final int CURRENT = 4;

    private static final String FROZEN = "/io/keepup/streams/state/volume-state-%s.avsc";

    static {
        AvroSafety.install();
    }

    private static final SpecificData MODEL = SpecificData.getForClass(StoredVolume.class);

    static {
        MODEL.setCustomCoders(true); // generated code writes the fields, at several times the speed
    }

    private static final List<Schema> RELEASED =
            IntStream.rangeClosed(1, CURRENT).mapToObj(StateCodec::frozen).toList();

    private final List<DatumReader<StoredVolume>> readers = new ArrayList<>();
    private final DatumWriter<StoredVolume> writer = new SpecificDatumWriter<>(StoredVolume.SCHEMA$, MODEL);
    private final RecordEncoder out = new RecordEncoder();
    private BinaryDecoder decoder;

    public StateCodec() {
        for (Schema released : RELEASED) {
            readers.add(new SpecificDatumReader<>(released, StoredVolume.SCHEMA$, MODEL));
        }
    }

    /** The schema of a released version. */
    static Schema frozen(int version) {
        String resource = FROZEN.formatted(version);
        try (InputStream in = StateCodec.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from this build");
            }
            return new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public byte[] encode(VolumeState state) {
        out.writeByte(CURRENT);
        try {
            writer.write(StateMapping.stored(state), out);
            return out.take();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        } finally {
            out.forget();
        }
    }

    /**
     * The state in the bytes.
     *
     * @throws StateException when they are damaged or of a later version: the store must not be used as it is
     */
    public VolumeState decode(byte[] bytes) {
        int version = bytes.length == 0 ? 0 : bytes[0];
        if (version < 1 || version > CURRENT) {
            throw new StateException(
                    "stored state has version %s, this build reads 1 to %s: run the version that wrote it"
                            .formatted(version, CURRENT));
        }
        decoder = DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, decoder);
        try {
            return StateMapping.state(readers.get(version - 1).read(null, decoder));
        } catch (IOException | RuntimeException e) {
            throw new StateException(
                    "stored state of version %s cannot be read: delete the state directory, it is restored from the changelog"
                            .formatted(version),
                    e);
        }
    }
}
