// A path that follows the edges of an image from one point to another: the magnetic contour.
//
// Mortensen and Barrett, "Intelligent scissors for image composition", doi 10.1145/218380.218442. Steps over strong
// gradients are cheap; Dijkstra's search goes no farther than the target and is taken up again for the next one.

import type { Point } from "./stroke";

/** Grey values of a piece of a frame whose top left pixel is (x0, y0). */
export interface GreyWindow {
  readonly x0: number;
  readonly y0: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

const STRONG = 0.98; // gradients of this quantile and above are edges beyond doubt
const LEAST_COST = 0.02; // so that of two equal edges the shorter way wins
const LEVELS = 256; // costs are whole numbers: the search's queue has one bucket for each
const DIAGONAL = Math.SQRT2;

export class LiveWire {
  private readonly costs: Uint8Array;
  private readonly distances: Float64Array;
  private readonly before: Int32Array;
  private readonly settled: Uint8Array;
  private readonly queue: BucketQueue;

  constructor(
    private readonly window: GreyWindow,
    from: Point,
  ) {
    const count = window.height * window.width;
    this.costs = edgeCosts(window);
    this.distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.before = new Int32Array(count).fill(-1);
    this.settled = new Uint8Array(count);
    this.queue = new BucketQueue(Math.ceil(LEVELS * DIAGONAL) + 1);
    const start = this.indexOf(from);
    this.distances[start] = 0;
    this.queue.push(start, 0);
  }

  /** Pixel centres from the start to the pixel that holds `to`, or to the window's pixel nearest to it. */
  pathTo(to: Point): Point[] {
    const target = this.indexOf(to);
    this.search(target);
    const path: Point[] = [];
    for (let at = target; at >= 0; at = this.before[at] as number) {
      const { width, x0, y0 } = this.window;
      path.push({ x: x0 + (at % width) + 0.5, y: y0 + Math.floor(at / width) + 0.5 });
    }
    return path.reverse();
  }

  private indexOf({ x, y }: Point): number {
    const { x0, y0, height, width } = this.window;
    const column = Math.min(width - 1, Math.max(0, Math.floor(x) - x0));
    const row = Math.min(height - 1, Math.max(0, Math.floor(y) - y0));
    return row * width + column;
  }

  private search(target: number): void {
    const { costs, distances, before, settled, queue } = this;
    const { height, width } = this.window;
    while (settled[target] === 0) {
      const at = queue.pop();
      if (at === undefined) return;
      if (settled[at] === 1) continue;
      settled[at] = 1;
      const column = at % width;
      const row = (at - column) / width;
      for (let dy = -1; dy <= 1; dy++) {
        if (row + dy < 0 || row + dy >= height) continue;
        for (let dx = -1; dx <= 1; dx++) {
          if (column + dx < 0 || column + dx >= width) continue;
          const next = at + dy * width + dx;
          if (settled[next] === 1) continue;
          const length = dx !== 0 && dy !== 0 ? DIAGONAL : 1;
          const distance = (distances[at] as number) + length * (costs[next] as number);
          if (distance >= (distances[next] as number)) continue;
          distances[next] = distance;
          before[next] = at;
          queue.push(next, distance);
        }
      }
    }
  }
}

/** 5 to 255: low on edges. The gradient is Sobel's after a 3 × 3 mean, against the window's own strongest edges. */
export function edgeCosts({ height, width, values }: GreyWindow): Uint8Array {
  const gradients = gradientsOf(mean(values, height, width), height, width);
  const strong = quantile(gradients, STRONG) || 1;
  const costs = new Uint8Array(values.length);
  for (let at = 0; at < costs.length; at++) {
    const flatness = 1 - Math.min(1, (gradients[at] as number) / strong);
    costs[at] = Math.round((LEVELS - 1) * (LEAST_COST + (1 - LEAST_COST) * flatness));
  }
  return costs;
}

/** Each pixel's mean with its eight neighbours; at the border the pixels there count again. */
function mean(values: Float32Array, height: number, width: number): Float32Array {
  const rows = new Float32Array(values.length);
  const both = new Float32Array(values.length);
  for (let row = 0; row < height; row++) {
    const here = row * width;
    let [left, middle] = [values[here] as number, values[here] as number];
    for (let column = 0; column < width; column++) {
      const right = values[here + Math.min(width - 1, column + 1)] as number;
      rows[here + column] = (left + middle + right) / 3;
      left = middle;
      middle = right;
    }
  }
  for (let row = 0; row < height; row++) {
    const here = row * width;
    const [up, down] = [Math.max(0, row - 1) * width, Math.min(height - 1, row + 1) * width];
    for (let column = 0; column < width; column++) {
      const sum =
        (rows[up + column] as number) + (rows[here + column] as number) + (rows[down + column] as number);
      both[here + column] = sum / 3;
    }
  }
  return both;
}

function gradientsOf(soft: Float32Array, height: number, width: number): Float32Array {
  const gradients = new Float32Array(soft.length);
  for (let row = 0; row < height; row++) {
    const here = row * width;
    const [up, down] = [Math.max(0, row - 1) * width, Math.min(height - 1, row + 1) * width];
    for (let column = 0; column < width; column++) {
      const left = column > 0 ? column - 1 : 0;
      const right = column < width - 1 ? column + 1 : column;
      const topLeft = soft[up + left] as number;
      const topRight = soft[up + right] as number;
      const bottomLeft = soft[down + left] as number;
      const bottomRight = soft[down + right] as number;
      const across = 2 * ((soft[here + right] as number) - (soft[here + left] as number));
      const along = 2 * ((soft[down + column] as number) - (soft[up + column] as number));
      const gx = topRight + bottomRight - topLeft - bottomLeft + across;
      const gy = bottomLeft + bottomRight - topLeft - topRight + along;
      gradients[here + column] = Math.sqrt(gx * gx + gy * gy);
    }
  }
  return gradients;
}

/** Of every eighth value: a window has a quarter of a million. */
function quantile(values: Float32Array, share: number): number {
  const some = new Float32Array(Math.ceil(values.length / 8));
  for (let index = 0; index < some.length; index++) some[index] = values[8 * index] as number;
  some.sort();
  return some[Math.floor(share * (some.length - 1))] ?? 0;
}

/** A priority queue for distances that lie no farther apart than `span`: Dial's buckets, used in a circle. */
class BucketQueue {
  private readonly buckets: number[][];
  private current = 0;
  private count = 0;

  constructor(span: number) {
    this.buckets = Array.from({ length: span + 1 }, () => []);
  }

  push(item: number, distance: number): void {
    this.buckets[Math.floor(distance) % this.buckets.length]?.push(item);
    this.count++;
  }

  /** One whose distance is least, to within 1. */
  pop(): number | undefined {
    if (this.count === 0) return undefined;
    while (this.buckets[this.current]?.length === 0) this.current = (this.current + 1) % this.buckets.length;
    this.count--;
    return this.buckets[this.current]?.pop();
  }
}
