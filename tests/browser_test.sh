#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: browser_test.sh NOFAIL-BINARY SOURCE-DIRECTORY
#
# Opens pages in a real browser without a window, presses the keys that their legend names, and asks what is chosen and
# shown. Skipped, and says so, where there is no Chromium.
set -euo pipefail
nofail=$1 source=$2

browser=
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then browser=$name && break; fi
done
if [[ -z $browser ]]; then
  echo "SKIPPED: no browser here; apt-get install chromium, then run it again"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# dump PAGE: the document as it is after its scripts ran.
dump() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" --window-size=1280,900 \
    --virtual-time-budget=5000 --dump-dom "file://$1" 2>"$scratch/log" ||
    { echo "$browser did not open $1:"; cat "$scratch/log"; exit 1; }
}

# What a person does, and what must then be true. Appended to a copy of the page.
cat >"$scratch/person.html" <<'H'
<script>
const wrong = [];
const see = (what, yes) => { if (!yes) wrong.push(what); };
const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
const row = () => document.querySelector('.row.chosen');
const at = () => row() ? Number(row().dataset.first) : -1;
const status = document.getElementById('status');
const shown = (id) => getComputedStyle(document.getElementById(id)).display !== 'none';
addEventListener('error', (event) => wrong.push('script error: ' + event.message));

const folded = [...document.querySelectorAll('#folded .row')];
const violations = folded.filter((r) => r.classList.contains('violation'));
see('something is drawn', folded.length > 5 && folded[0].getBoundingClientRect().height > 5);
see('nothing is chosen at first', at() === -1 && status.hidden);
see('the folded view is shown', shown('folded') && !shown('whole'));

press('j');
see('j chooses the first row', row() === folded[0]);
press('j'); press('ArrowDown'); press('k');
see('j, down and k step', row() === folded[1]);
see('the status line says what the row does', !status.hidden && status.textContent === row().querySelector('title').textContent);
press('k'); press('ArrowUp'); press('ArrowUp');
see('it stops at the top', row() === folded[0]);
press('n');
see('n goes to a switch', row().classList.contains('switch'));
const first = at();
press('ArrowRight');
see('right goes to a later one', row().classList.contains('switch') && at() > first);
press('p');
see('p goes back', at() === first);
press('v');
see('v goes to a violation', violations.includes(row()));
const box = row().getBoundingClientRect();
see('it is scrolled into view', box.top >= 0 && box.bottom <= innerHeight);
for (const _ of violations) press('v');
see('v goes round', violations.includes(row()));
const violation = at();
press('a');
see('a shows every event', !shown('folded') && shown('whole') && at() === violation);
press('k');
see('stepping goes on there', row().closest('#whole') && at() < violation);
press('j');
press('a');
see('a goes back', shown('folded') && at() === violation);
press('Escape');
see('Escape lets go', at() === -1 && status.hidden);
const writer = folded.find((r) => r.querySelector('title').textContent.includes('\n  changes '));
if (writer) writer.dispatchEvent(new MouseEvent('click', {bubbles: true}));
see('what a step changes is marked', writer && status.querySelector('.changes').textContent.includes(' -> '));
press('Escape');

const arrows = [...document.querySelectorAll('#folded .arrow')];
if (arrows.length) {
  const end = Number(arrows[0].dataset.to);
  document.querySelector('#e' + end).dispatchEvent(new MouseEvent('click', {bubbles: true}));
  see('a click chooses', at() === end);
  see('and shows where the arrow comes from', arrows[0].classList.contains('chosen'));
}
for (const text of document.querySelectorAll('#folded text')) {
  const edge = document.getElementById('folded').getBoundingClientRect();
  const box = text.getBoundingClientRect();
  if (box.right > edge.right + 1 || box.left < edge.left - 1) wrong.push('cut off: ' + text.textContent);
}
see('the page fits 1280 pixels', document.documentElement.scrollWidth <= 1280);
document.documentElement.dataset.wrong = wrong.length ? wrong.join('; ') : 'nothing';
</script>
</body>
H

failed=0
for schedule in "$source"/corpus/findings/{walked-again/use-after-free.MapFree+SelemFree,freed-on-the-list/use-after-free.SelemFree+SelemUnlinkNofail,refcount-dec-to-zero/livelock.StorageDestroy_2,late-kptr/leak.fields.SelemFree}.sched; do
  name=$(basename "$schedule" .sched)
  "$nofail" show "$schedule" --html -o "$scratch/$name.html"
  sed "/^<\/body>/{
    r $scratch/person.html
    d
  }" "$scratch/$name.html" >"$scratch/visited.html"
  said=$(dump "$scratch/visited.html" | grep -oE '<html[^>]* data-wrong="[^"]*"' | sed -E 's/.*data-wrong="([^"]*)"/\1/')
  if [[ $said != nothing ]]; then
    echo "$name: ${said:-the page was not visited}"
    failed=1
  fi
done

# The test bites: without its script the page does not step.
sed '/<script>/,/<\/script>/d' "$scratch/$name.html" | sed "/^<\/body>/{
  r $scratch/person.html
  d
}" >"$scratch/visited.html"
if dump "$scratch/visited.html" | grep -q 'data-wrong="nothing"'; then
  echo "a page without its script was accepted"
  failed=1
fi
# And the page can be read without.
if ! dump "$scratch/visited.html" | grep -q 'map_free m0\|delete m0'; then
  echo "without its script the page does not say what the tasks do"
  failed=1
fi
exit $failed
