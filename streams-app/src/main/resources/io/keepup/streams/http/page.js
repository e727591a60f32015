'use strict';

// Volumes by id as the server last told; the page is drawn from this alone.
const volumes = new Map();
const cards = new Map();
const dirty = new Set();
const SHOWN = 100;
const TIMELINE = 200;
const COLORS = {
  publish_healthy: 'green',
  bootstrap_pending: 'blue',
  degraded: 'amber',
  needs_rebuild: 'red',
};

const byId = (id) => document.getElementById(id);
const number = (n) => Number(n).toLocaleString('en-US');

/** An element: attributes by name, `class` too; children are elements or text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function bytes(n) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  let value = n;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

const clock = (iso) => `${new Date(iso).toISOString().slice(11, 19)} UTC`;

const badge = (mode) => el('span', { class: `badge word ${COLORS[mode] || ''}` }, mode);

/** A bar with its figures; `label` says to a screen reader what it measures. */
function lane(name, value, max, label, figures) {
  const full = max > 0 && value >= max;
  const bar = el('progress', { max: Math.max(1, max), value: Math.min(value, Math.max(1, max)), class: full ? 'full' : '', 'aria-label': label });
  return el('div', { class: 'lane' }, el('span', { class: 'name' }, name), bar, el('span', { class: 'figures' }, figures));
}

function position(volume, replica) {
  const ack = replica.lastSyncAck;
  if (ack === null) {
    return el('span', { class: 'quiet' }, 'not heard in this epoch');
  }
  const figures = `applied ${number(ack.appliedLsn)} of ${number(volume.walHead)} · durable ${number(ack.durableLsn)}`;
  const bar = lane('LSN', ack.appliedLsn, volume.walHead, `${replica.replicaId} applied of WAL head`, figures);
  if (volume.walHead === 0 && ack.appliedLsn === 0) {
    bar.querySelector('progress').value = 1; // nothing written, nothing missing
    bar.querySelector('progress').className = 'full';
  }
  const notes = [];
  if (ack.ackKind !== 'quorum') notes.push(`last sync: ${ack.ackKind}`);
  if (!ack.recoverable) notes.push(`not recoverable${ack.reason ? `: ${ack.reason}` : ''}`);
  if (notes.length === 0) return bar;
  return el('div', {}, bar, el('span', { class: 'word quiet' }, notes.join(' · ')));
}

function session(replica) {
  const view = replica.session;
  const live = view.state === 'issued' || view.state === 'running';
  const color = view.state === 'failed' ? 'amber' : view.kind === 'keepup' ? 'green' : view.kind === 'rebuild' ? 'red' : live ? 'blue' : '';
  const cell = el('div', {}, el('span', { class: `badge word ${color}` }, `${view.kind} · ${view.state}`));
  const notes = [];
  if (view.sessionId > 0) notes.push(`session ${number(view.sessionId)}`);
  if (view.cause) notes.push(view.cause);
  if (view.state === 'failed' && view.reason) notes.push(view.reason);
  notes.push(...failures(replica));
  if (live) notes.push(...pace(view));
  if (notes.length > 0) cell.append(el('div', { class: 'quiet' }, notes.join(' · ')));
  return cell;
}

/** How often sessions failed one after the other, and how long the next one is held back. */
function failures(replica) {
  const count = replica.failuresInARow;
  if (count === 0) return [];
  const notes = [count === 1 ? 'failed once' : `failed ${number(count)} times in a row`];
  if (replica.session.state === 'failed' && replica.pauseMs > 0) notes.push(`next try ${number(replica.pauseMs / 1000)} s after the last failure`);
  return notes;
}

/** How a live session goes: what it waits for, or what came, how fast, and how long the rest takes. */
function pace(view) {
  const told = view.pace;
  if (told && told.waitingFor) return [`waits for ${told.waitingFor}`];
  const notes = [];
  if (view.bytes > 0) notes.push(`${bytes(view.bytes)} received`);
  if (told && told.bytesPerSecond > 0) notes.push(`${bytes(told.bytesPerSecond)}/s`);
  if (told && told.secondsLeft !== null) notes.push(`${number(told.secondsLeft)} s left`);
  return notes;
}

function lanes(replica) {
  const view = replica.session;
  if (view.state !== 'issued' && view.state !== 'running') {
    return el('span', { class: 'quiet' }, '–');
  }
  const cell = el('div');
  if (view.kind === 'rebuild') {
    const figures = view.baseBlocksTotal > 0 ? `${number(view.baseBlocksDone)} of ${number(view.baseBlocksTotal)} blocks` : 'waiting for the base';
    cell.append(lane('Base', view.baseBlocksDone, view.baseBlocksTotal, `${replica.replicaId} base lane`, figures));
  }
  const start = view.startLsn;
  const reached = Math.max(view.walAppliedLsn, view.progress, start);
  cell.append(lane('WAL', reached - start, view.targetLsn - start, `${replica.replicaId} WAL lane`, `LSN ${number(reached)} · target ${number(view.targetLsn)}`));
  return cell;
}

function replicaTable(volume) {
  const rows = volume.replicas.map((replica) => el('tr', {},
    el('th', { scope: 'row' }, replica.replicaId),
    el('td', {}, position(volume, replica)),
    el('td', {}, session(replica)),
    el('td', {}, lanes(replica))));
  return table('replicas', 'Replicas, as the primary sees them', ['Replica', 'Position', 'Session', 'Lanes'], rows);
}

function nodeTable(volume) {
  const gates = ['roleApplied', 'receiverReady', 'shipperConfigured', 'shipperConnected'];
  const relevant = { primary: ['roleApplied', 'shipperConfigured', 'shipperConnected'], replica: ['roleApplied', 'receiverReady'] };
  const rows = volume.nodes.map((node) => el('tr', {},
    el('th', { scope: 'row' }, node.nodeId),
    el('td', { class: 'word' }, `${node.role} · epoch ${number(node.epoch)}`),
    el('td', {}, badge(node.mode), ...nodeNotes(volume, node).map((note) => el('div', { class: 'word quiet' }, note))),
    el('td', {}, el('div', { class: 'gates' }, ...gates
      .filter((gate) => (relevant[node.role] || []).includes(gate))
      .map((gate) => el('span', { class: node.readiness[gate] ? 'gate passed' : 'gate' }, `${node.readiness[gate] ? '✓' : '○'} ${gate}`))))));
  return table('nodes', 'Nodes', ['Node', 'Role', 'Mode', 'Gates'], rows);
}

/** Why a node is in its mode, what it says of that, and a copy that is not of the volume's size. */
function nodeNotes(volume, node) {
  const size = node.sizeBytes > 0 && node.sizeBytes !== volume.sizeBytes ? `its copy has ${bytes(node.sizeBytes)}` : '';
  return [node.reason, node.faultDetail, size].filter((note) => note);
}

function table(kind, caption, heads, rows) {
  return el('div', { class: 'scroll' }, el('table', { class: kind },
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows)));
}

function facts(pairs) {
  return el('dl', {}, ...pairs.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))));
}

function card(volume) {
  const title = `volume-${volume.volumeId}`;
  return el('article', { class: 'card', 'aria-labelledby': title },
    el('div', { class: 'volume-head' },
      el('h3', { id: title }, volume.volumeId),
      badge(volume.mode),
      el('span', {}, volume.healthy ? 'healthy' : 'not healthy'),
      volume.reason ? el('span', { class: 'word quiet' }, volume.reason) : null),
    volume.detail ? el('p', { class: 'quiet detail' }, volume.detail) : null,
    facts([
      ['Epoch', number(volume.epoch)],
      ['Primary', volume.primaryId || 'none'],
      ['Durable LSN', number(volume.durableLsn)],
      ['WAL head', number(volume.walHead)],
      ['WAL tail', number(volume.walTail)],
      ['Size', `${bytes(volume.sizeBytes)}, blocks of ${number(volume.blockSize)}`],
      ['As of', clock(volume.occurredAt)],
    ]),
    volume.replicas.length > 0 ? replicaTable(volume) : null,
    nodeTable(volume));
}

function matching() {
  const wanted = byId('filter').value.trim().toLowerCase();
  const ids = [...volumes.keys()].sort();
  return wanted === '' ? ids : ids.filter((id) => id.toLowerCase().includes(wanted) || volumes.get(id).mode.includes(wanted));
}

function draw() {
  const ids = matching();
  const shown = ids.slice(0, SHOWN);
  const keep = new Set(shown);
  for (const [id, element] of cards) {
    if (!keep.has(id)) {
      element.remove();
      cards.delete(id);
    }
  }
  let before = null;
  for (const id of shown) {
    let element = cards.get(id);
    if (element === undefined || dirty.has(id)) {
      const fresh = card(volumes.get(id));
      if (element !== undefined) element.replaceWith(fresh);
      cards.set(id, fresh);
      element = fresh;
    }
    const place = before === null ? byId('volumes').firstElementChild : before.nextElementSibling;
    if (place !== element) byId('volumes').insertBefore(element, place);
    before = element;
  }
  dirty.clear();
  byId('empty').hidden = volumes.size > 0;
  byId('filter-label').hidden = volumes.size < 2;
  byId('more').hidden = ids.length <= SHOWN && !(ids.length === 0 && volumes.size > 0);
  byId('more').textContent = ids.length === 0 ? 'No volume matches the filter.' : `${number(ids.length - shown.length)} more: narrow the filter.`;
  summarize();
}

function summarize() {
  const modes = new Map();
  for (const volume of volumes.values()) {
    modes.set(volume.mode, (modes.get(volume.mode) || 0) + 1);
  }
  const parts = [...modes].sort().map(([mode, count]) => `${number(count)} ${mode}`);
  byId('summary').textContent = volumes.size === 0 ? '' : `${number(volumes.size)} volume${volumes.size === 1 ? '' : 's'}: ${parts.join(', ')}`;
}

let drawing = false;

function drawSoon() {
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      draw();
    });
  }
}

function tell(volumeId, at, mode, reason) {
  byId('quiet').hidden = true;
  const timeline = byId('timeline');
  timeline.prepend(el('li', {}, el('time', { datetime: at }, clock(at)), el('strong', {}, volumeId), el('div', {}, mode),
    reason ? el('span', { class: 'word quiet' }, reason) : null));
  while (timeline.childElementCount > TIMELINE) {
    timeline.lastElementChild.remove();
  }
}

function take(volume, silent) {
  const before = volumes.get(volume.volumeId);
  volumes.set(volume.volumeId, volume);
  dirty.add(volume.volumeId);
  if (!silent && (before === undefined || before.mode !== volume.mode || before.reason !== volume.reason)) {
    tell(volume.volumeId, volume.occurredAt, badge(volume.mode), volume.reason);
  }
}

function drop(volumeId) {
  if (volumes.delete(volumeId)) {
    tell(volumeId, new Date().toISOString(), el('span', { class: 'badge word' }, 'removed'), '');
  }
}

function connection(state, words) {
  byId('connection').dataset.state = state;
  byId('connection').textContent = words;
}

let first = true;

function connect() {
  const source = new EventSource('api/stream');
  source.addEventListener('snapshot', (event) => {
    const all = JSON.parse(event.data).volumes;
    const ids = new Set(all.map((volume) => volume.volumeId));
    [...volumes.keys()].filter((id) => !ids.has(id)).forEach(drop);
    all.forEach((volume) => take(volume, first));
    first = false;
    connection('live', 'live');
    drawSoon();
  });
  source.addEventListener('volume', (event) => {
    take(JSON.parse(event.data), false);
    drawSoon();
  });
  source.addEventListener('removed', (event) => {
    drop(JSON.parse(event.data).volumeId);
    drawSoon();
  });
  source.onerror = () => {
    connection('connecting', 'connection lost, trying again');
    if (source.readyState === EventSource.CLOSED) { // the browser gave up: it does for any answer but 200
      source.close();
      setTimeout(connect, 2000);
    }
  };
}

byId('filter').addEventListener('input', drawSoon);
connect();
