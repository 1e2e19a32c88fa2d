// Follows an import without loading the page again, until there is something new to show.

const bar = document.querySelector("[data-progress]");

async function follow() {
  try {
    const response = await fetch(bar.dataset.progress);
    if (!response.ok) return location.reload();
    const { read, size, running } = await response.json();
    bar.max = Math.max(size, 1);
    bar.value = read;
    if (!running) return location.reload();
  } catch { /* asked again below */ }
  return setTimeout(follow, 500);
}

if (bar) follow();
