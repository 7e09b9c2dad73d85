// The parts of Leaflet that our map uses; build.mjs puts this in place of the whole. Its types are
// those of the package.
import { zoom } from "leaflet/src/control/Control.Zoom.js";
import "leaflet/src/layer/vector/Renderer.getRenderer.js";
export { toLatLng as latLng } from "leaflet/src/geo/LatLng.js";
export { toLatLngBounds as latLngBounds } from "leaflet/src/geo/LatLngBounds.js";
export { toBounds as bounds } from "leaflet/src/geometry/Bounds.js";
export { toPoint as point } from "leaflet/src/geometry/Point.js";
export { featureGroup } from "leaflet/src/layer/FeatureGroup.js";
export { layerGroup } from "leaflet/src/layer/LayerGroup.js";
export { divIcon } from "leaflet/src/layer/marker/DivIcon.js";
export { marker } from "leaflet/src/layer/marker/Marker.js";
export { popup } from "leaflet/src/layer/Popup.js";
export { tileLayer } from "leaflet/src/layer/tile/TileLayer.js";
export { polygon } from "leaflet/src/layer/vector/Polygon.js";
export { map } from "leaflet/src/map/index.js";

export const control = { zoom };
