/** How much of the display budget has been shown. */

export interface Budget {
  bytes: number;
  limit_bytes: number;
  cells: number;
  limit_cells: number;
  window_seconds: number;
}

export type Level = 'low' | 'near' | 'spent';

function share(used: number, limit: number): number {
  return limit > 0 ? used / limit : 0;
}

/** Whole per cent of the tighter of the two limits; 100 only when it is reached. */
export function percent(budget: Budget): number {
  const used = Math.max(
    share(budget.bytes, budget.limit_bytes),
    share(budget.cells, budget.limit_cells)
  );
  return used > 0 && used < 0.01 ? 1 : Math.max(0, Math.floor(used * 100));
}

/** From 80 % a warning, from 100 % outputs are withheld. */
export function level(shown: number): Level {
  return shown >= 100 ? 'spent' : shown >= 80 ? 'near' : 'low';
}

/** Whole hours of the window when they come out even, otherwise minutes. */
export function windowOf(budget: Budget): { unit: 'hours' | 'minutes'; value: number } {
  const minutes = Math.max(1, Math.round(budget.window_seconds / 60));
  return minutes % 60 === 0
    ? { unit: 'hours', value: minutes / 60 }
    : { unit: 'minutes', value: minutes };
}
