"""The authoring API, the desk and the engines. Private: flow authors import from `signoff`."""
