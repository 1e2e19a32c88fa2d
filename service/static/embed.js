// In a frame of another page: tell that page how tall this one is, at first and whenever it changes.

let told = 0;

new ResizeObserver(() => {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height === told) return;
  told = height;
  parent.postMessage({ type: "depositary:height", height }, "*");
}).observe(document.body);
