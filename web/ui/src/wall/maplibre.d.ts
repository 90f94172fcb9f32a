// The build of MapLibre that makes no worker out of a string, for a strict
// content security policy, has no types of its own.
declare module 'maplibre-gl/dist/maplibre-gl-csp.js' {
  import * as maplibre from 'maplibre-gl'
  export default maplibre
}
