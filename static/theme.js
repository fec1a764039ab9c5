// Loaded in the head and without `defer`, so that a dark page never flashes white. Who has chosen a
// theme gets it from the server on <html>; for everyone else their system decides.
if (!document.documentElement.hasAttribute('data-bs-theme')) {
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.setAttribute('data-bs-theme', dark ? 'dark' : 'light');
}
