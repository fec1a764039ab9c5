// The colours of a terminal's screen and of a replay's, by the portal's theme. Fourteen of the
// sixteen can be read on its background (WCAG AA) as they are. Black on dark and white on light are
// what programs put behind text; as text, and whatever they mix themselves, the screen makes legible.

const DARK = {
  background: '#0c0e0f', foreground: '#d9dddd', cursor: '#d9dddd', cursorAccent: '#0c0e0f', selectionBackground: '#2f5563',
  black: '#23282a', red: '#f58b82', green: '#7fd39b', yellow: '#e2b158', blue: '#86bff0', magenta: '#d3a3e8', cyan: '#6ac1dc', white: '#d9dddd',
  brightBlack: '#8f989b', brightRed: '#ffaaa3', brightGreen: '#9fe5b6', brightYellow: '#f2cb80', brightBlue: '#a9d3f7', brightMagenta: '#e2c0f2', brightCyan: '#95d8eb', brightWhite: '#ffffff',
};

const LIGHT = {
  background: '#fbfbf8', foreground: '#1f2324', cursor: '#1f2324', cursorAccent: '#fbfbf8', selectionBackground: '#b9dbe6',
  black: '#17191a', red: '#b3201a', green: '#17713f', yellow: '#7a5200', blue: '#0a5aa8', magenta: '#8b2b91', cyan: '#0b6478', white: '#d8d8d2',
  brightBlack: '#62666a', brightRed: '#c8322b', brightGreen: '#1f7d48', brightYellow: '#8a5c00', brightBlue: '#1b6fc2', brightMagenta: '#a13fa8', brightCyan: '#12778f', brightWhite: '#ecece7',
};

const CONTRAST = 4.5;

// Gives a screen its colours and keeps them those of the page; `change` may make others of them.
export function colour(terminal, change = (colours) => colours) {
  const page = document.documentElement;
  const follow = () => { terminal.options.theme = change(page.dataset.bsTheme === 'dark' ? DARK : LIGHT); };
  terminal.options.minimumContrastRatio = CONTRAST;
  follow();
  new MutationObserver(follow).observe(page, { attributeFilter: ['data-bs-theme'] });
}
