// The image: tiles at their full depth on the GPU, contrast as uniforms, every screen pixel the mean of what it covers.

import type { Viewport } from "../geometry/viewport";
import type { DType, PixelStore } from "../protocol/rest";
import type { Display } from "../state/annotator/model";
import { type ChunkCache, keyOf, type Pixels } from "./chunks";
import { makeProgram, makeTexture, type Program, RECTANGLE_VERTEX } from "./gl";
import type { Tile } from "./tiles";

const MOST_TEXTURE_BYTES = 256 * 2 ** 20;

/** `texture` has one layer per channel; integers are sampled as such. Grey is computed as one number, colours as three:
 * without a GPU that takes half as long. */
const fragmentFor = (integer: boolean, colours: boolean) => `
  #define VALUE ${colours ? "vec3" : "float"}
  uniform ${integer ? "highp usampler2DArray" : "highp sampler2DArray"} pixels;
  uniform vec4 tile;        // x0, y0 in image pixels; texels per image pixel
  uniform vec2 size;        // texels that hold image: edge tiles are padded
  uniform float footprint;  // texels across one pixel of the device
  uniform float low, high, gamma;
  uniform bool invert;
  in vec2 image;
  out vec4 colour;

  float channel(ivec2 texel, int number) {
    return float(texelFetch(pixels, ivec3(texel, number), 0).r);
  }

  VALUE fetch(vec2 at) {
    ivec2 texel = clamp(ivec2(floor(at)), ivec2(0), ivec2(size) - 1);
    return ${colours ? "vec3(channel(texel, 0), channel(texel, 1), channel(texel, 2))" : "channel(texel, 0)"};
  }

  void main() {
    vec2 at = (image - tile.xy) * tile.zw;
    VALUE value;
    if (footprint <= 1.0) {
      // The device's pixel lies on one texel, or on the border of two: sharp at every zoom, without jagged widths.
      vec2 low_side = at - 0.5 * footprint;
      vec2 high_side = at + 0.5 * footprint;
      vec2 share = clamp(fract(high_side) / footprint, 0.0, 1.0);
      bvec2 crosses = greaterThan(floor(high_side), floor(low_side));
      if (!crosses.x && !crosses.y) {
        value = fetch(at);
      } else {
        share = mix(vec2(1.0), share, vec2(crosses));
        value = mix(mix(fetch(low_side), fetch(vec2(high_side.x, low_side.y)), share.x),
                    mix(fetch(vec2(low_side.x, high_side.y)), fetch(high_side), share.x), share.y);
      }
    } else {
      int taps = int(min(4.0, ceil(footprint)));
      value = VALUE(0.0);
      for (int row = 0; row < taps; row++) {
        for (int column = 0; column < taps; column++) {
          value += fetch(at + ((vec2(column, row) + 0.5) / float(taps) - 0.5) * footprint);
        }
      }
      value /= float(taps * taps);
    }
    value = clamp((value - low) / max(high - low, 1e-30), 0.0, 1.0);
    if (gamma != 1.0) value = pow(value, VALUE(gamma));
    colour = vec4(vec3(invert ? 1.0 - value : value), 1.0);
  }`;

interface Held {
  readonly texture: WebGLTexture;
  readonly bytes: number;
  used: number;
}

export class ImageLayer {
  private readonly program: Program;
  private readonly held = new Map<string, Held>();
  private bytes = 0;
  private clock = 0;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly store: PixelStore,
    private readonly chunks: ChunkCache,
  ) {
    this.program = makeProgram(
      gl,
      RECTANGLE_VERTEX,
      fragmentFor(store.dtype !== "float32", store.channels >= 3),
    );
  }

  draw(tiles: readonly Tile[], viewport: Viewport, devicePixelRatio: number, display: Display): void {
    const { gl, program } = this;
    gl.useProgram(program.program);
    gl.disable(gl.BLEND);
    gl.uniform1i(program.uniform("pixels"), 0);
    gl.uniform1f(program.uniform("low"), display.low);
    gl.uniform1f(program.uniform("high"), display.high);
    gl.uniform1f(program.uniform("gamma"), display.gamma);
    gl.uniform1i(program.uniform("invert"), display.invert ? 1 : 0);
    const { originX, originY, width, height, scale } = viewport;
    gl.uniform4f(program.uniform("view"), originX, originY, width / scale, height / scale);
    for (const tile of tiles) {
      const texture = this.textureOf(tile);
      const level = this.store.levels[tile.level];
      const full = this.store.levels[0];
      if (texture === null || level === undefined || full === undefined) continue;
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
      const texelsX = level.width / full.width;
      const texelsY = level.height / full.height;
      gl.uniform4f(program.uniform("rectangle"), tile.x0, tile.y0, tile.x1, tile.y1);
      gl.uniform4f(program.uniform("tile"), tile.x0, tile.y0, texelsX, texelsY);
      gl.uniform2f(program.uniform("size"), (tile.x1 - tile.x0) * texelsX, (tile.y1 - tile.y0) * texelsY);
      gl.uniform1f(program.uniform("footprint"), texelsX / (scale * devicePixelRatio));
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  private textureOf(tile: Tile): WebGLTexture | null {
    const key = keyOf(tile);
    const held = this.held.get(key);
    if (held !== undefined) {
      held.used = ++this.clock;
      return held.texture;
    }
    const pixels = this.chunks.get(tile);
    const [height, width] = this.store.levels[tile.level]?.chunk ?? [0, 0];
    if (pixels === undefined) return null;
    const texture = makeTexture(this.gl, this.gl.TEXTURE_2D_ARRAY);
    upload(this.gl, this.store.dtype, width, height, this.store.channels, pixels);
    this.held.set(key, { texture, bytes: pixels.byteLength, used: ++this.clock });
    this.bytes += pixels.byteLength;
    this.release();
    return texture;
  }

  private release(): void {
    if (this.bytes <= MOST_TEXTURE_BYTES) return;
    const oldestFirst = [...this.held].sort(([, a], [, b]) => a.used - b.used);
    for (const [key, { texture, bytes }] of oldestFirst) {
      if (this.bytes <= MOST_TEXTURE_BYTES / 2) return;
      this.gl.deleteTexture(texture);
      this.held.delete(key);
      this.bytes -= bytes;
    }
  }
}

function upload(
  gl: WebGL2RenderingContext,
  dtype: DType,
  width: number,
  height: number,
  channels: number,
  pixels: Pixels,
): void {
  const [internal, format, type] = {
    uint8: [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE],
    uint16: [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT],
    float32: [gl.R32F, gl.RED, gl.FLOAT],
  }[dtype] as [GLenum, GLenum, GLenum];
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, internal, width, height, channels, 0, format, type, pixels);
}
