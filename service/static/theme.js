// Before the page is painted: light or dark as the reader chose here, else as their system says.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* storage may be forbidden: the system's choice then holds */ }
