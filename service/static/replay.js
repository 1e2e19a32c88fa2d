// Plays the record from one file. A row is [known from, known until, counts from, counts until, …]; what is seen at a
// day and a position is what stands between both, exactly as the server shows it.

const deck = document.querySelector("[data-film]");
const find = (name) => document.querySelector(`[data-${name}]`);
const LATEST = 8, BARS = 12, SPEEDS = [1, 2, 4, 8], STEP_MS = 400;
const EPOCH = 719163; // the day number of 1970-01-01

const iso = (day) => new Date((day - EPOCH) * 864e5).toISOString().slice(0, 10);
const dayOf = (text) => Date.parse(text) / 864e5 + EPOCH;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const lang = document.documentElement.lang;
const dates = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { dateStyle: "long", timeZone: "UTC" });
const inWords = (day) => dates.format(new Date((day - EPOCH) * 864e5)).replace(/^1 /, lang.startsWith("fr") ? "1er " : "1 ");

function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

class Replay {
  constructor(film) {
    this.film = film;
    this.byRecord = deck.dataset.by === "record";
    this.stops = this.byRecord ? film.times.map(([position]) => position) : film.days;
    this.times = new Map(film.times);
    this.day = dayOf(deck.dataset.day);
    this.position = Number(deck.dataset.position);
    this.bars = new Map();
    this.timer = 0;
    this.speed = 0;
  }

  get now() { return this.byRecord ? this.position : this.day; }
  set now(stop) { if (this.byRecord) this.position = stop; else this.day = stop; }

  // The index of the last stop that has been reached; -1 before the first.
  get index() {
    let low = 0, high = this.stops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.stops[middle] <= this.now) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  at(rows) {
    const { day, position } = this;
    return rows.filter((row) => row[0] <= position && position < row[1] && row[2] <= day && day < row[3]);
  }

  go(index) {
    const stop = this.stops[Math.max(0, Math.min(index, this.stops.length - 1))];
    if (stop === undefined) return;
    this.now = stop;
    this.show();
  }

  step(name) {
    const at = this.index;
    const exact = this.stops[at] === this.now;
    this.go({ first: 0, previous: exact ? at - 1 : at, next: at + 1, last: this.stops.length - 1 }[name]);
    this.remember();
    this.say();
  }

  show() {
    const actions = this.at(this.film.actions);
    find("now").textContent = this.byRecord ? this.recorded() : inWords(this.day);
    find("count").textContent = this.counted(actions.length);
    this.latest = actions.at(-1);
    this.showLatest(actions.slice(-LATEST).reverse());
    this.showBars();
    this.showStanding();
    this.range.value = this.index;
    this.range.setAttribute("aria-valuetext", find("now").textContent);
  }

  recorded() {
    const at = this.times.get(this.position);
    return at ? `${at.slice(0, 19).replace("T", " ")} UTC (${this.position})` : String(this.position);
  }

  counted(n) {
    return this.film.counts[n === 1 || (n === 0 && lang.startsWith("fr")) ? 0 : 1].replace("{}", n.toLocaleString(lang));
  }

  showLatest(rows) {
    const key = rows.map((row) => row[4] + row[0]).join();
    if (key === this.shown) return;
    this.shown = key;
    const folder = location.pathname.replace(/replay$/, "actions/");
    const clocks = `?as_of=${iso(this.day)}&at_position=${this.position}`;
    find("latest").replaceChildren(...rows.map(([, , , , id, when, title, lang, act]) => {
      const item = document.createElement("li"), body = document.createElement("div"), head = document.createElement("h3");
      head.append(make("a", title, { href: folder + id + clocks, ...(lang && { lang }) }));
      body.append(head, make("p", act, { class: "about" }));
      item.append(make("p", when, { class: "when" }), body);
      return item;
    }));
  }

  showBars() {
    const counts = new Map();
    for (const row of this.at(this.film.meetings)) counts.set(row[4], (counts.get(row[4]) || 0) + 1);
    const folded = (code) => this.film.names[code][1];
    const order = (one, other) => other[1] - one[1] || (folded(one[0]) < folded(other[0]) ? -1 : folded(one[0]) > folded(other[0]) ? 1 : one[0] < other[0] ? -1 : 1);
    const ranked = [...counts].sort(order).slice(0, BARS);
    const list = find("bars"), most = ranked.length ? ranked[0][1] : 1;
    const rows = ranked.map(([code, count]) => {
      const row = this.bars.get(code) || this.bar(code);
      row.rect.style.transform = `scaleX(${count / most})`;
      row.figure.textContent = count;
      return row.item;
    });
    if (rows.length !== list.children.length || rows.some((row, nth) => list.children[nth] !== row)) list.replaceChildren(...rows);
  }

  bar(code) {
    const item = document.createElement("li"), figure = make("b", "");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of [["viewBox", "0 0 100 8"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
    rect.setAttribute("width", "100");
    rect.setAttribute("height", "8");
    svg.append(rect);
    item.append(make("span", this.film.names[code][0]), svg, figure);
    const made = { item, rect, figure };
    this.bars.set(code, made);
    return made;
  }

  showStanding() {
    const rows = this.at(this.film.standing).map(([, , , , expires, name, status]) =>
      [name, expires < this.day && (status === "active" || status === "suspended") ? "expired" : status]);
    const key = JSON.stringify(rows);
    if (key === this.stood) return;
    this.stood = key;
    find("standing").replaceChildren(...rows.map(([name, status]) => {
      const item = make("li", "");
      item.append(make("span", name), " ", make("b", this.film.words[status] || status, { class: `mark ${status}` }));
      return item;
    }));
  }

  say() {
    find("said").textContent = `${find("now").textContent}: ${find("count").textContent}. ${this.latest ? this.latest[6] : ""}`;
  }

  // The address and the clocks of the page show what is seen; they change when the replay rests.
  remember() {
    const url = new URL(location.href);
    url.searchParams.set("as_of", iso(this.day));
    url.searchParams.set("at_position", this.position);
    history.replaceState(null, "", url);
    const asOf = find("as-of"), known = find("known"), shared = find("copy"), link = document.querySelector(".address a");
    const at = this.times.get(this.position);
    asOf.textContent = inWords(this.day);
    asOf.dateTime = iso(this.day);
    known.textContent = at ? `${at.slice(0, 19).replace("T", " ")} UTC` : "";
    find("at").textContent = find("at").textContent.replace(/\d+/, this.position);
    link.href = link.textContent = shared.dataset.copy = url.href;
  }

  get playing() { return this.timer !== 0; }

  play() {
    if (this.index >= this.stops.length - 1) this.go(0);
    let last = performance.now();
    const tick = (time) => {
      const pause = Math.max(STEP_MS / SPEEDS[this.speed], still.matches ? 1000 : 0);
      if (time - last >= pause) {
        last = time;
        if (this.index >= this.stops.length - 1) return this.pause();
        this.go(this.index + 1);
      }
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
    this.button.textContent = deck.dataset.pause;
  }

  pause() {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    this.button.textContent = deck.dataset.play;
    this.remember();
    this.say();
  }

  // Native controls, in the places that the page keeps for them.
  controls() {
    const label = make("label", find("range").dataset.label, { for: "replay-range" });
    this.range = Object.assign(document.createElement("input"), { type: "range", id: "replay-range", min: 0, max: this.stops.length - 1 });
    this.range.addEventListener("input", () => { if (this.playing) this.pause(); this.go(Number(this.range.value)); });
    this.range.addEventListener("change", () => { this.remember(); this.say(); });
    find("range").append(label, this.range);
    this.button = make("button", deck.dataset.play, { type: "button" });
    this.button.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    const stop = make("button", deck.dataset.stop, { type: "button", class: "quiet" });
    stop.addEventListener("click", () => { if (this.playing) this.pause(); this.step("first"); });
    const speed = make("select", "", { "aria-label": deck.dataset.speed });
    SPEEDS.forEach((value, nth) => speed.append(make("option", `× ${value}`, { value: nth })));
    speed.addEventListener("change", () => { this.speed = Number(speed.value); });
    find("buttons").append(this.button, stop, speed);
    for (const link of document.querySelectorAll("[data-step]")) {
      link.setAttribute("role", "button");
      link.setAttribute("tabindex", "0");
      link.removeAttribute("aria-disabled");
      const act = (event) => { event.preventDefault(); if (this.playing) this.pause(); this.step(link.dataset.step); };
      link.addEventListener("click", act);
      link.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") act(event); });
    }
    const go = find("go"), date = go.elements.as_of;
    go.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!date.value) return;
      if (this.playing) this.pause();
      this.day = dayOf(date.value);
      this.show();
      this.remember();
      this.say();
    });
    this.show();
  }
}

if (deck) {
  const film = await (await fetch(deck.dataset.film)).json();
  const replay = new Replay(film);
  if (replay.stops.length) replay.controls();
}
