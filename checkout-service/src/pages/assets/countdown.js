/** Turns every `<time data-countdown>` into the time that is left; calls back at zero, once. */
export function startCountdown(onEnd) {
  const over = new Set();
  const tick = () => {
    for (const element of document.querySelectorAll('time[data-countdown]')) {
      const until = Date.parse(element.getAttribute('datetime') ?? '');
      if (Number.isNaN(until)) continue;
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
      if (element.textContent !== text) element.textContent = text;
      if (left === 0 && !over.has(element.id)) {
        over.add(element.id);
        onEnd(element.id);
      }
      if (left > 0) over.delete(element.id);
    }
  };
  tick();
  setInterval(tick, 500);
}
