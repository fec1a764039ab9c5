// Makes everything under static/ that is not ours: static/vendor/ and static/icons.svg.
//
//   node static/vendor.mjs           write them
//   node static/vendor.mjs --check   make them anew elsewhere and name the files that differ
//
// The results are committed, so building Slipway needs no Node. The packages are installed in a
// temporary folder: static/ goes into the executable, and node_modules must never be in it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const STATIC = dirname(fileURLToPath(import.meta.url));

// Ready-made files, copied as they are but for the comment that names a source map we do not ship.
const COPIES = [
  { package: '@tabler/core', from: 'dist/css/tabler.min.css', to: 'vendor/tabler.min.css' },
  { package: 'htmx.org', from: 'dist/htmx.min.js', to: 'vendor/htmx.min.js' },
  { package: '@xterm/xterm', from: 'lib/xterm.mjs', to: 'vendor/xterm.js' },
  { package: '@xterm/xterm', from: 'css/xterm.css', to: 'vendor/xterm.css' },
  { package: '@xterm/addon-fit', from: 'lib/addon-fit.mjs', to: 'vendor/xterm-fit.js' },
  { package: '@xterm/addon-search', from: 'lib/addon-search.mjs', to: 'vendor/xterm-search.js' },
  { package: '@xterm/addon-web-links', from: 'lib/addon-web-links.mjs', to: 'vendor/xterm-links.js' },
];
const ICONS = '@tabler/icons';
const SPRITE = 'icons.svg';
// @tabler/core comes without a licence file. Its terms are those of @tabler/icons, its copyright
// lines stand in the style sheet's first comment.
const BORROWED_TERMS = {
  '@tabler/core': {
    lines: /^ \* (Copyright .*)$/gm,
    lines_in: 'dist/css/tabler.min.css',
    terms_of: ICONS,
    also: 'It contains rules from Bootstrap (https://getbootstrap.com), copyright The Bootstrap Authors, under the same terms.',
  },
};
// Packages name the BSD licence without conditions in more than one way; SPDX has one.
const SPDX = { 'BSD-0-Clause': '0BSD' };

const MARK = '<symbol id="slipway" viewBox="0 0 24 24"><path d="M2.5 21.5 21.5 15" stroke-width="2"/>'
  + '<path d="M4.2 15.4 3 9.4 20 3.6l1.3 4.1a4.6 4.6 0 0 1-2.9 3.1z" fill="currentColor" stroke="none"/></symbol>';

const temporary = mkdtempSync(join(tmpdir(), 'slipway-vendor-'));
try {
  const modules = install(join(temporary, 'packages'));
  const made = join(temporary, 'made');
  make(modules, made);
  if (process.argv.includes('--check')) {
    check(made);
  } else {
    rmSync(join(STATIC, 'vendor'), { recursive: true, force: true });
    cpSync(made, STATIC, { recursive: true });
    console.log(`wrote ${files(made).length} files`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function install(folder) {
  mkdirSync(folder);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    cpSync(join(STATIC, name), join(folder, name));
  }
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'node_modules');
}

function make(modules, target) {
  const packages = new Map();
  const put = (name, path, content) => {
    const file = join(target, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (!packages.has(name)) packages.set(name, describe(modules, name));
    packages.get(name).files.push({ path, sha256: sha256(content) });
  };
  for (const copy of COPIES) {
    put(copy.package, copy.to, withoutSourceMap(read(modules, copy.package, copy.from)));
  }
  put(ICONS, SPRITE, sprite(modules));
  for (const name of [...packages.keys()]) {
    put(name, packages.get(name).licence_text, licenceText(modules, name));
  }
  const manifest = {
    made_by: 'node static/vendor.mjs',
    packages: [...packages.values()],
    ours: [{ path: `${SPRITE}#slipway`, licence: 'Apache-2.0' }],
  };
  writeFileSync(join(target, 'vendor/manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function describe(modules, name) {
  const { version, license } = JSON.parse(read(modules, name, 'package.json'));
  const lock = JSON.parse(readFileSync(join(STATIC, 'package-lock.json'), 'utf8'));
  const { integrity } = lock.packages[`node_modules/${name}`];
  const licence_text = `vendor/licenses/${name.replace(/^@/, '').replace('/', '-')}.txt`;
  return { name, version, licence: SPDX[license] ?? license, licence_text, integrity, files: [] };
}

function sprite(modules) {
  const { version } = JSON.parse(read(modules, ICONS, 'package.json'));
  const names = readFileSync(join(STATIC, 'icons.txt'), 'utf8').split('\n').filter(Boolean);
  const symbols = names.map((name) => symbol(name, read(modules, ICONS, `icons/outline/${name}.svg`)));
  return [
    '<svg xmlns="http://www.w3.org/2000/svg">',
    `<!-- Tabler Icons ${version}, MIT, see vendor/licenses/tabler-icons.txt. The mark "slipway" is ours. -->`,
    MARK,
    ...symbols,
    '</svg>\n',
  ].join('\n');
}

function symbol(name, svg) {
  const drawn = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '')
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, '')
    .replace(/\s*\n\s*/g, '').replace(/ \/>/g, '/>');
  if (!drawn.startsWith('<path')) throw new Error(`icon ${name} is not drawn as expected: ${drawn}`);
  return `<symbol id="${name}" viewBox="0 0 24 24">${drawn}</symbol>`;
}

function licenceText(modules, name) {
  const borrowed = BORROWED_TERMS[name];
  if (!borrowed) return read(modules, name, 'LICENSE');
  const lines = [...read(modules, name, borrowed.lines_in).matchAll(borrowed.lines)].map((m) => m[1]);
  if (lines.length === 0) throw new Error(`no copyright line found in ${name}`);
  const terms = read(modules, borrowed.terms_of, 'LICENSE').replace(/^Copyright .*$/m, lines.join('\n'));
  return `${terms.trimEnd()}\n\n${borrowed.also}\n`;
}

function check(made) {
  const committed = [...files(join(STATIC, 'vendor')).map((path) => join('vendor', path)), SPRITE];
  const faults = [...new Set([...files(made), ...committed])]
    .map((path) => difference(path, join(STATIC, path), join(made, path)))
    .filter(Boolean);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error('To make them anew: node static/vendor.mjs');
    process.exitCode = 1;
  } else {
    console.log(`${committed.length} files are as their packages give them`);
  }
}

function difference(path, committed, anew) {
  if (!existsSync(committed)) return `static/${path} is missing`;
  if (!existsSync(anew)) return `static/${path} comes from no package`;
  if (readFileSync(committed).equals(readFileSync(anew))) return null;
  return `static/${path} differs from what its package gives`;
}

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function read(modules, name, path) {
  return readFileSync(join(modules, name, path), 'utf8');
}

function withoutSourceMap(text) {
  return text.replace(/\n?(\/\*# sourceMappingURL=[^*]*\*\/|\/\/# sourceMappingURL=.*)\s*$/, '\n');
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}
