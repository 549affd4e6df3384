// Live: the feed of the index, which comes back by itself where it broke off.

const EVENTS_MAX = 60;
const live = { seq: null, waitMs: 1000 };
const refreshFiles = seldom(2000, () => { if (filePages.isFirst) searchNow(); });
const refreshPeers = seldom(2000, () => { listPeers(); });

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const since = live.seq === null ? "" : `?since=${live.seq}`;
  const socket = new WebSocket(`${scheme}//${location.host}/ws${since}`);
  socket.addEventListener("open", () => {
    live.waitMs = 1000;
    showLink("live", "live");
  });
  socket.addEventListener("message", (message) => hear(JSON.parse(message.data)));
  socket.addEventListener("close", () => {
    showLink("away", "not connected; trying again");
    setTimeout(connect, live.waitMs * (0.5 + Math.random()));
    live.waitMs = Math.min(live.waitMs * 2, 30_000);
  });
}

function showLink(state, words) {
  $("link").dataset.state = state;
  $("link").textContent = words;
}

function hear(event) {
  live.seq = event.seq;
  clockAhead = Date.parse(event.at) - Date.now();
  const data = event.data;
  switch (event.type) {
    case "hello":
      $("index-version").textContent = `index-server ${data.version}`;
      showFigures(data.stats);
      refreshFiles();
      refreshPeers();
      return;
    case "network_stats":
      showFigures(data);
      return;
    case "resync":
      ask("/api/v1/stats").then(showFigures, () => {});
      refreshFiles();
      refreshPeers();
      return;
    case "peer_registered": return tell(event, refreshPeers, named(data.name), " is here");
    case "peer_online": return tell(event, refreshBoth, named(data.name), " is back");
    case "peer_offline": return tell(event, refreshBoth, named(data.name), " is silent");
    case "peer_left": return tell(event, refreshBoth, named(data.name), " has left");
    case "file_registered": return tell(event, refreshBoth, named(data.owner_name), " shares ", named(data.filename), ` (${size(data.size)})`);
    case "file_removed": return tell(event, refreshBoth, named(data.filename), " is no longer shared");
    case "files_changed": return tell(event, refreshBoth, changed(data));
    case "download": return tell(event, null, named(data.filename), " is being fetched");
    case "goodbye": return tell(event, null, `The index says goodbye: ${data.reason}`);
    default:
  }
}

function refreshBoth() {
  refreshFiles();
  refreshPeers();
}

function changed(data) {
  const owner = data.sample[0] ? named(data.sample[0].owner_name) : "A peer";
  const parts = [["new", data.added], ["changed", data.updated], ["gone", data.removed]];
  const told = parts.filter(([, number]) => number > 0).map(([word, number]) => `${whole.format(number)} ${word}`);
  return make("span", {}, owner, ": files ", told.join(", "));
}

function tell(event, refresh, ...words) {
  const at = new Date(event.at);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const line = make("li", {}, make("time", { dateTime: event.at, title: at.toLocaleString() }, time), make("span", {}, ...words));
  $("events-none").hidden = true;
  $("events").prepend(line);
  while ($("events").childElementCount > EVENTS_MAX) $("events").lastElementChild.remove();
  refresh?.();
}
