import { Component, type ReactNode } from "react";

import { Failed } from "../parts/states";

/** Boundary keeps the frame when a page breaks, and says so. */
export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  componentDidMount() {
    addEventListener("pushState", this.reset);
    addEventListener("popstate", this.reset);
  }

  componentWillUnmount() {
    removeEventListener("pushState", this.reset);
    removeEventListener("popstate", this.reset);
  }

  reset = () => this.state.error !== undefined && this.setState({ error: undefined });

  render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failed error={this.state.error} again={() => location.reload()} />;
  }
}
