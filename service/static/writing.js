// Forms that write: dates read aloud in words, rows added in place, a person's party and role filled in.

for (const input of document.querySelectorAll("[data-reads]")) reads(input);

function reads(input) {
  const reading = document.createElement("output");
  reading.className = "reading";
  reading.htmlFor = input.id;
  input.after(reading);
  let asked = 0;
  async function read() {
    const mine = ++asked;
    const text = input.value.trim();
    const answer = text ? await said(`${input.dataset.reads}?text=${encodeURIComponent(text)}`) : {};
    if (mine !== asked) return;
    reading.textContent = answer.words ?? answer.fault ?? "";
    reading.lang = answer.fault ? "en" : "";
    reading.classList.toggle("bad", Boolean(answer.fault));
  }
  let waiting;
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(read, 250); });
  if (input.value && !input.ariaInvalid) read();
}

async function said(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : {};
  } catch { return {}; }
}

for (const button of document.querySelectorAll("button.add")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const rows = button.parentElement.querySelectorAll(".line");
    const made = rows[rows.length - 1].cloneNode(true);
    const name = button.value.slice("add:".length);
    const renamed = (text, mark) => text.replace(name.replaceAll(".", mark) + mark + (rows.length - 1), name.replaceAll(".", mark) + mark + rows.length);
    made.ariaLabel = made.ariaLabel?.replace(/\d+$/, rows.length + 1) ?? null;
    for (const each of made.querySelectorAll(".fault, .reading")) each.remove();
    for (const label of made.querySelectorAll("label")) {
      label.htmlFor = renamed(label.htmlFor, "-");
      label.firstChild.textContent = label.firstChild.textContent.replace(/\d+/, rows.length + 1);
    }
    for (const field of made.querySelectorAll("input, textarea, select")) {
      field.name = renamed(field.name, ".");
      field.id = renamed(field.id, "-");
      field.value = "";
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    rows[rows.length - 1].after(made);
    for (const field of made.querySelectorAll("[data-reads]")) reads(field);
    made.querySelector("input, textarea").focus();
  });
}

document.addEventListener("change", ({ target }) => {
  if (target.getAttribute?.("list") !== "people") return;
  const known = [...document.querySelectorAll("#people option")].find((each) => each.value === target.value);
  const line = target.closest(".line");
  for (const part of known && line ? ["party", "role"] : []) {
    const field = line.querySelector(`[name$=".${part}"]`);
    if (field && !field.value) field.value = known.dataset[part];
  }
});

// A form that was typed into is not left by accident.
const form = document.querySelector("form.writing:not(.narrow)");
if (form) {
  let typed = Boolean(document.querySelector(".preview, .alert"));
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}
