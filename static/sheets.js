// Lets xterm.js style itself under a policy that has no inline style: what it would put into
// <style> elements becomes constructed sheets, and what it would put into attributes goes through
// the object model. Both are lawful, because no text of a page becomes style by them.

const create = document.createElement.bind(document);

document.createElement = (name, options) =>
  (name === 'style' ? sheet() : create(name, options));

// An element that stands for a sheet: its text is the sheet's, and it goes when the element goes.
function sheet() {
  const element = create('span');
  const rules = new CSSStyleSheet();
  element.hidden = true;
  document.adoptedStyleSheets.push(rules);
  Object.defineProperty(element, 'textContent', { set: (text) => rules.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== rules);
    Element.prototype.remove.call(element);
  };
  return element;
}

const setAttribute = Element.prototype.setAttribute;

HTMLElement.prototype.setAttribute = function styled(name, value) {
  if (name === 'style') this.style.cssText = value;
  else setAttribute.call(this, name, value);
};
