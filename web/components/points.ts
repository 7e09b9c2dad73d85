// What a map shows: the places of entities, and the areas they lie in.
import type { Feature, FeatureCollection, Geometry, Position } from "geojson";
import type { Entity, List } from "./api.js";

export type EntityFeature = Feature<Geometry | null, Entity>;

/** A list as GeoJSON. */
export type Collection = FeatureCollection<Geometry | null, Entity> &
  Omit<List, "items" | "total"> & { numberMatched?: number };

/** One place of an entity; `index` counts the entities. */
export interface Point {
  index: number;
  longitude: number;
  latitude: number;
}

export function pointsOf(features: readonly EntityFeature[]): Point[] {
  return features.flatMap(({ geometry }, index) =>
    positions(geometry).map(([longitude = 0, latitude = 0]) => ({ index, longitude, latitude })),
  );
}

function positions(geometry: Geometry | null): Position[] {
  if (geometry?.type === "Point") return [geometry.coordinates];
  if (geometry?.type === "MultiPoint") return geometry.coordinates;
  return [];
}
