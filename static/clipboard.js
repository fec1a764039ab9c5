// What is pasted into a terminal, and what is copied out of it.
//
// Invariant: what may run at once is pasted after a yes alone, and no control character is ever
// pasted: one of them ends what a shell takes for pasted, and what follows runs.

const NEW_LINE = /\r\n?|\n/g;
const CONTROL = /([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])/; // all but tab and new lines
const SHOWN_CHARACTERS = 2000;

const at = (id) => document.getElementById(id);

// Text with each control character marked, and written as terminals write them: ^[ for the one that
// begins a sequence. Pictures of them are in few fonts.
function visible(text) {
  return text.split(CONTROL).map((part, n) => (n % 2 === 0 ? part : marked(part)));
}

function marked(character) {
  const code = character.charCodeAt(0);
  const mark = document.createElement('mark');
  mark.textContent = code < 0x80 ? `^${String.fromCharCode(code ^ 0x40)}` : `<${code.toString(16)}>`;
  return mark;
}

// Pastes, or asks first in the dialog #paste. `say` gives words by their code.
export class Pasting {
  #terminal;
  #say;
  #text = '';

  constructor(terminal, say) {
    [this.#terminal, this.#say] = [terminal, say];
    // At the very click, before the dialog is gone: the next key must not get ahead of it.
    at('paste').addEventListener('submit', ({ submitter }) => {
      if (submitter?.value === 'yes') terminal.paste(this.#text);
    });
    at('paste').addEventListener('close', () => {
      // It comes a moment after the dialog went, which may have been opened for the next by then.
      if (at('paste').open) return;
      this.#text = '';
      terminal.focus();
    });
  }

  paste(given) {
    if (this.#terminal.options.disableStdin || at('paste').open) return;
    const shown = given.replace(NEW_LINE, '\n');
    const text = shown.split(CONTROL).filter((_, n) => n % 2 === 0).join('');
    const controls = shown.length - text.length;
    if (controls > 0 || text.includes('\n')) {
      this.#ask(text, shown, controls);
      return;
    }
    this.#terminal.paste(text);
    this.#terminal.focus();
  }

  #ask(text, shown, controls) {
    this.#text = text;
    const lines = text.replace(/\n$/, '').split('\n').length;
    const isOne = lines === 1 && text.includes('\n');
    at('paste-text').textContent = this.#say(lines > 1 ? 'paste' : isOne ? 'paste-line' : 'paste-text', lines);
    at('paste-controls').hidden = controls === 0;
    at('paste-controls').textContent = controls > 0 ? this.#say('paste-controls', controls) : '';
    at('pasted').replaceChildren(...visible(shown.slice(0, SHOWN_CHARACTERS)));
    const more = shown.length - SHOWN_CHARACTERS;
    at('paste-more').hidden = more <= 0;
    at('paste-more').textContent = more > 0 ? this.#say('paste-more', more) : '';
    at('paste').showModal();
  }
}

// Whether it is on the clipboard now. Over plain HTTP browsers give no clipboard to ask for; a copy
// that the page answers itself works there too.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

function copyByCommand(text) {
  let isDone = false;
  const give = (event) => {
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    isDone = true;
  };
  document.addEventListener('copy', give, { capture: true, once: true });
  document.execCommand('copy');
  document.removeEventListener('copy', give, { capture: true });
  return isDone;
}

// What is on the clipboard, or null where the browser does not tell.
export async function clipboard() {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
}
