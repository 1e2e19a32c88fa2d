// What every page gets beyond its HTML: a choice of light or dark, and buttons that copy.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "plain";
  made.textContent = text;
  made.addEventListener("click", () => act(made));
  return made;
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
}

for (const place of document.querySelectorAll("[data-dark]")) {
  const name = () => (isDark() ? place.dataset.light : place.dataset.dark);
  const made = button(name(), () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds for this page */ }
    made.textContent = name();
  });
  dark.addEventListener("change", () => { made.textContent = name(); });
  place.append(made);
}

for (const place of document.querySelectorAll("[data-copy]")) {
  const { say, done } = place.dataset;
  place.append(button(say, async (made) => {
    await navigator.clipboard.writeText(place.dataset.copy);
    made.textContent = done;
    setTimeout(() => { made.textContent = say; }, 2000);
  }));
}
