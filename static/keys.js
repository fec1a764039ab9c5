// Keys that a finger has no keyboard for: buttons with data-press, of which Ctrl holds until the
// next key.

const PLAIN = { escape: '\x1b', tab: '\t' };
const ARROWS = { up: 'A', down: 'B', right: 'C', left: 'D' };

export class Keys {
  #terminal;
  #isHeld = false;

  constructor(terminal) {
    this.#terminal = terminal;
  }

  // Whether this was one of its keys.
  press(name) {
    if (name === 'control') {
      this.#hold(!this.#isHeld);
      return true;
    }
    const text = PLAIN[name] ?? (name in ARROWS ? this.#arrow(ARROWS[name]) : null);
    if (text === null) return false;
    this.#hold(false);
    this.#terminal.input(text);
    return true;
  }

  #arrow(letter) {
    if (this.#isHeld) return `\x1b[1;5${letter}`;
    return this.#terminal.modes.applicationCursorKeysMode ? `\x1bO${letter}` : `\x1b[${letter}`;
  }

  // What was typed, with Ctrl where it is held.
  typed(text) {
    if (!this.#isHeld || text.length !== 1) return text;
    this.#hold(false);
    const code = text.toUpperCase().charCodeAt(0);
    if (code === 0x20 || (code >= 0x40 && code <= 0x5f)) return String.fromCharCode(code & 0x1f);
    return text;
  }

  #hold(isHeld) {
    this.#isHeld = isHeld;
    for (const button of document.querySelectorAll('[data-press=control]')) button.setAttribute('aria-pressed', isHeld);
  }
}
