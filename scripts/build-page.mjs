// Builds dist/alerts.html from page/page.html: one file with its script and style in it, and a policy that allows these two alone.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

async function bundled(file) {
  const { outputFiles } = await build({
    entryPoints: [`${root}/page/${file}`],
    bundle: true,
    minify: true,
    // Licences of what is bundled stay with it.
    legalComments: 'eof',
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  return outputFiles[0].text;
}

function hash(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const parts = { script: await bundled('main.ts'), style: await bundled('style.css') };
const policy = [
  "default-src 'none'",
  `script-src ${hash(parts.script)}`,
  `style-src ${hash(parts.style)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  // No text may become HTML or script, whatever the code does.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
let page = readFileSync(`${root}/page/page.html`, 'utf8');
for (const [place, text] of [
  ['http-equiv="Content-Security-Policy" content=""', `http-equiv="Content-Security-Policy" content="${policy}"`],
  ['<link rel="stylesheet" href="style.css" />', `<style>${parts.style}</style>`],
  ['<script src="main.ts"></script>', `<script>${parts.script}</script>`],
]) {
  if (!page.includes(place)) throw new Error(`page/page.html does not hold ${place}`);
  page = page.replace(place, () => text);
}
mkdirSync(`${root}/dist`, { recursive: true });
writeFileSync(`${root}/dist/alerts.html`, page);
