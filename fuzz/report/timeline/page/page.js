// SPDX-License-Identifier: MIT
// Moves the selection from row to row, by keys and clicks, and shows the text of the selected row in the status line.
// The page contains all text already: that of a row is in its <title>.
'use strict';
(() => {
  const every = document.getElementById('every');
  const status = document.getElementById('status');
  let chosen = null;

  const rows = () => [...document.querySelectorAll(every.checked ? '#whole .row' : '#folded .row')];
  const first = (row) => Number(row.dataset.first);
  const last = (row) => Number(row.dataset.last);
  const holds = (row, event) => first(row) <= event && event <= last(row);

  // Shows the text in the status line. What a step changes is marked, because that is what stepping is for.
  function tell(text) {
    status.replaceChildren(...text.split('\n').map((line, i) => {
      const span = document.createElement('span');
      span.className = line.startsWith('  changes ') ? 'changes' : line.startsWith('    | ') ? 'source' : '';
      span.textContent = (i ? '\n' : '') + line;
      return span;
    }));
  }

  function choose(row) {
    for (const old of document.querySelectorAll('.chosen')) old.classList.remove('chosen');
    chosen = row;
    status.hidden = !row;
    if (!row) return;
    row.classList.add('chosen');
    tell(row.querySelector('title').textContent);
    for (const arrow of row.closest('.view').querySelectorAll('.arrow')) {
      const ends = [Number(arrow.dataset.from), Number(arrow.dataset.to)];
      if (ends.some((event) => holds(row, event))) arrow.classList.add('chosen');
    }
    const box = row.getBoundingClientRect();
    if (box.top < 90 || box.bottom > innerHeight - 120) row.scrollIntoView({block: 'center'});
  }

  // Selects the next row in a direction (1: down, -1: up) that satisfies the test. When there is none and `around` is
  // true, selects the first row of the page that does.
  function step(direction, test, around) {
    const all = rows();
    const at = chosen ? all.indexOf(chosen) : direction > 0 ? -1 : all.length;
    for (let i = at + direction; i >= 0 && i < all.length; i += direction) {
      if (test(all[i])) return choose(all[i]);
    }
    const found = around && all.find(test);
    if (found) choose(found);
  }

  function showEvery(yes) {
    const event = chosen ? first(chosen) : null;
    every.checked = yes;
    choose(event === null ? null : rows().find((row) => holds(row, event)));
  }

  const any = () => true;
  const has = (name) => (row) => row.classList.contains(name);
  const keys = {
    j: () => step(1, any), ArrowDown: () => step(1, any),
    k: () => step(-1, any), ArrowUp: () => step(-1, any),
    n: () => step(1, has('switch')), ArrowRight: () => step(1, has('switch')),
    p: () => step(-1, has('switch')), ArrowLeft: () => step(-1, has('switch')),
    v: () => step(1, has('violation'), true),
    a: () => showEvery(!every.checked),
    Escape: () => choose(null),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener('click', (event) => {
    const row = event.target.closest('.row');
    if (row) choose(row);
  });
  every.addEventListener('change', () => showEvery(every.checked));
  // Links go to events of the folded view. While the page shows every event, this selects the same event there.
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.matches('.row')) return;
    choose(rows().find((row) => holds(row, first(target))));
  };
  addEventListener('hashchange', follow);
  follow();
})();
