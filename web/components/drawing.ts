// The map itself, loaded when one is shown: Leaflet on the registry's own boundaries, no tiles.
// Knows neither the elements nor their texts, so that a page with no map does not load it.
import * as L from "leaflet";
import style from "leaflet/dist/leaflet.css";
import Supercluster, { type ClusterFeature, type PointFeature } from "supercluster";
import type { Feature, Geometry, Position } from "geojson";
import type { Point } from "./points.js";

export interface Labels {
  zoomIn: string;
  zoomOut: string;
  close: string;
  cluster(count: number): string;
  name(index: number): string;
}

export interface Settings {
  labels: Labels;
  /** What a popup says of entities at one place. */
  popup(indexes: readonly number[]): HTMLElement;
  /** An area was chosen, for those who point. Others find it in a list. */
  area(slug: string, name: string): void;
  still: boolean;
}

type Found = ClusterFeature<object> | PointFeature<{ index: number }>;
type Area = Feature<Geometry | null, { name?: string; slug?: string; population?: number | null }>;

const CLOSEST = 17;
const RADIUS = 48;
const MOST_IN_POPUP = 50;
const BESIDE = 72; // what a popup needs besides its content
const NEAR = 12; // close enough to see where, not closer than most places are known
const LETTER = 3.6; // half of what a letter of a name is wide

export class Drawing {
  readonly #map: L.Map;
  readonly #areas = L.featureGroup();
  readonly #names = L.layerGroup();
  readonly #marks = L.layerGroup();
  readonly #settings: Settings;
  #index = new Supercluster<{ index: number }>({ radius: RADIUS, maxZoom: CLOSEST - 1 });
  readonly #marked = new Map<string, L.Marker>();
  /** What had the focus before a popup. */
  #before: HTMLElement | undefined;
  #places: Point[] = [];
  /** Those of the most people first. */
  #named: { shape: L.Polygon; name: string; weight: number }[] = [];
  #background: L.TileLayer | undefined;

  constructor(container: HTMLElement, settings: Settings) {
    this.#settings = settings;
    this.#map = L.map(container, {
      attributionControl: false,
      zoomControl: false,
      maxZoom: CLOSEST,
      zoomSnap: 0.5,
      scrollWheelZoom: false,
      ...(settings.still
        ? { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false }
        : {}),
    });
    const { zoomIn, zoomOut } = settings.labels;
    L.control.zoom({ position: "bottomright", zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(this.#map);
    this.#map.setView([51, 10], 6);
    for (const layer of [this.#areas, this.#names, this.#marks]) layer.addTo(this.#map);
    this.#map.on("moveend", () => this.#draw());
    // A page that is scrolled past must not zoom what lies under the pointer.
    this.#map.on("focus", () => this.#map.scrollWheelZoom.enable());
    this.#map.on("blur", () => this.#map.scrollWheelZoom.disable());
    // Leaflet hears the key only while the map itself has the focus, not a link in a popup.
    container.addEventListener("keydown", ({ key }) => key === "Escape" && this.#map.closePopup());
    this.#map.on("popupclose", ({ popup }) => this.#return(popup));
  }

  setAreas(areas: readonly Area[]): void {
    this.#areas.clearLayers();
    this.#named = areas.flatMap(({ geometry, properties }) => {
      const rings = ringsOf(geometry);
      if (!rings.length) return [];
      const { name = "", slug = "", population } = properties;
      const shape = L.polygon(rings, { className: "area", weight: 1 });
      this.#areas.addLayer(shape.on("click", () => this.#settings.area(slug, name)));
      return [{ shape, name, weight: population ?? 0 }];
    });
    this.#named.sort((one, other) => other.weight - one.weight);
    this.#nameAreas();
  }

  setPoints(points: Point[]): void {
    this.#places = points;
    this.#replace(new Map());
    this.#index.load(
      points.map(({ index, longitude, latitude }) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: [longitude, latitude] },
        properties: { index },
      })),
    );
    this.#draw();
  }

  /** Show all that there is: the points, else the areas. */
  fit(): void {
    const around = L.latLngBounds(this.#places.map(at));
    const bounds = around.isValid() ? around : this.#areas.getBounds();
    if (bounds.isValid()) this.#map.fitBounds(bounds, { padding: [24, 24], maxZoom: 14, animate: false });
  }

  /** Go to an entity and say what it is. */
  show(index: number): void {
    const place = this.#places.find((point) => point.index === index);
    if (!place) return;
    this.#map.setView(at(place), Math.max(this.#map.getZoom(), NEAR), { animate: !this.#settings.still });
    this.#open(at(place), [index]);
  }

  setTiles(address: string): void {
    this.#background?.remove();
    this.#background = L.tileLayer(address, { maxZoom: CLOSEST, referrerPolicy: "origin" }).addTo(this.#map);
  }

  resize(): void {
    this.#map.invalidateSize({ animate: false });
  }

  remove(): void {
    this.#map.remove();
  }

  #draw(): void {
    const bounds = this.#map.getBounds().pad(0.1);
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()] as const;
    const found = this.#index.getClusters([...box], Math.floor(this.#map.getZoom()));
    this.#replace(new Map(found.map((feature) => [keyOf(feature), feature])));
    this.#nameAreas();
  }

  /** What stays is left alone: it may have the focus, and moving the map to it must not take that. */
  #replace(wanted: Map<string, Found>): void {
    for (const [key, marker] of this.#marked) {
      if (wanted.has(key)) continue;
      this.#marks.removeLayer(marker);
      this.#marked.delete(key);
    }
    for (const [key, feature] of wanted) {
      if (this.#marked.has(key)) continue;
      const marker = this.#mark(feature);
      this.#marked.set(key, marker);
      this.#marks.addLayer(marker);
    }
  }

  #mark(feature: Found): L.Marker {
    const [longitude = 0, latitude = 0] = feature.geometry.coordinates;
    const place = L.latLng(latitude, longitude);
    const cluster = "cluster_id" in feature.properties ? feature.properties : undefined;
    return cluster
      ? this.#clusterMark(place, cluster.cluster_id, cluster.point_count)
      : this.#pointMark(place, (feature.properties as { index: number }).index);
  }

  #pointMark(place: L.LatLng, index: number): L.Marker {
    const title = this.#settings.labels.name(index);
    const icon = L.divIcon({ className: "point", iconSize: [28, 28], html: span("") });
    return button(L.marker(place, { icon, title }), title, () => this.#open(place, [index]));
  }

  #clusterMark(place: L.LatLng, id: number, count: number): L.Marker {
    const title = this.#settings.labels.cluster(count);
    const icon = L.divIcon({ className: "cluster", iconSize: [40, 40], html: span(String(count)) });
    return button(L.marker(place, { icon, title }), title, () => this.#enter(place, id));
  }

  /** Closer, until the places part; those that are one place are listed. */
  #enter(place: L.LatLng, id: number): void {
    const closer = this.#index.getClusterExpansionZoom(id);
    if (closer <= CLOSEST - 1) {
      this.#map.setView(place, closer, { animate: !this.#settings.still });
      return;
    }
    const leaves = this.#index.getLeaves(id, MOST_IN_POPUP);
    this.#open(place, [...new Set(leaves.map((leaf) => leaf.properties.index))]);
  }

  /** Whoever chose something goes on in what is said of it. */
  #open(place: L.LatLng, indexes: readonly number[]): void {
    this.#map.closePopup();
    this.#before = this.#focused();
    const { x } = this.#map.getSize();
    const options = {
      maxHeight: 240,
      minWidth: Math.min(50, x - BESIDE),
      maxWidth: Math.min(320, x - BESIDE),
      autoPanPadding: L.point(12, 12),
    };
    const popup = L.popup(options).setLatLng(place).setContent(this.#settings.popup(indexes)).openOn(this.#map);
    const button = popup.getElement()?.querySelector(".leaflet-popup-close-button");
    button?.setAttribute("aria-label", this.#settings.labels.close);
    popup.getElement()?.querySelector("a")?.focus({ preventScroll: true });
  }

  /** And goes back from there. */
  #return(popup: L.Popup): void {
    if (!popup.getElement()?.contains(this.#focused() ?? null)) return;
    const target = this.#before?.isConnected ? this.#before : this.#map.getContainer();
    target.focus({ preventScroll: true });
  }

  #focused(): HTMLElement | undefined {
    const root = this.#map.getContainer().getRootNode() as ShadowRoot;
    return (root.activeElement as HTMLElement | null) ?? undefined;
  }

  /** Names of areas where there is room for them, those of the most people first. */
  #nameAreas(): void {
    this.#names.clearLayers();
    const taken: L.Bounds[] = [];
    for (const { name, place, box } of this.#nameable()) {
      if (taken.some((other) => other.intersects(box))) continue;
      taken.push(box);
      const icon = L.divIcon({ className: "area-name", iconSize: box.getSize(), html: span(name) });
      this.#names.addLayer(L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }));
    }
  }

  #nameable(): { name: string; place: L.LatLng; box: L.Bounds }[] {
    const visible = this.#map.getBounds();
    return this.#named.flatMap(({ shape, name }) => {
      const place = shape.getBounds().getCenter();
      if (!name || !visible.contains(place)) return [];
      const middle = this.#map.latLngToLayerPoint(place);
      const half = L.point(name.length * LETTER + 8, 11);
      return [{ name, place, box: L.bounds(middle.subtract(half), middle.add(half)) }];
    });
  }
}

/** The rings of a boundary, latitude first as Leaflet has it. */
function ringsOf(geometry: Geometry | null): L.LatLng[][][] {
  if (geometry?.type === "Polygon") return [turned(geometry.coordinates)];
  return geometry?.type === "MultiPolygon" ? geometry.coordinates.map(turned) : [];
}

function turned(rings: Position[][]): L.LatLng[][] {
  return rings.map((ring) => ring.map(([longitude = 0, latitude = 0]) => L.latLng(latitude, longitude)));
}

/** Leaflet's stylesheet for the shadow root that a map is drawn in. */
export function stylesheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  return sheet;
}

function keyOf({ geometry, properties }: Found): string {
  return "cluster_id" in properties
    ? `cluster ${properties.cluster_id}`
    : `${(properties as { index: number }).index} ${geometry.coordinates.join(" ")}`;
}

function at({ latitude, longitude }: Point): L.LatLng {
  return L.latLng(latitude, longitude);
}

/** Of a text, never of markup. */
function span(text: string): HTMLElement {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}

/** Leaflet makes of a mark what is called a button; this makes it act as one. */
function button(marker: L.Marker, name: string, press: () => void): L.Marker {
  const pressed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  };
  return marker.on("click", press).on("add", () => {
    marker.getElement()?.setAttribute("aria-label", name);
    marker.getElement()?.addEventListener("keydown", pressed);
  });
}
