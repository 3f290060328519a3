/** Numbers, sizes and times as a person reads them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1536` → `1.5 KiB`. */
export function size(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `1840223` → `1,840,223`, the same in every browser. */
export function count(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `2026-11-24 18:05` in the browser's time zone. */
export function minute(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** A title in two languages, read in one, with `name` when there is none. */
export function title(
  titles: Readonly<Record<string, string>> | string | null | undefined,
  chinese: boolean,
  name: string
): string {
  if (typeof titles === 'string') {
    return titles || name;
  }
  return (chinese ? titles?.['zh'] || titles?.['en'] : titles?.['en'] || titles?.['zh']) || name;
}
