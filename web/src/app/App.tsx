import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Loading } from "../parts/states";
import { Boundary } from "./Boundary";
import { Frame } from "./Frame";
import { pages } from "./routes";
import Missing from "../pages/Missing";

export function App() {
  return (
    <Frame>
      <Boundary>
        <Suspense fallback={<Loading what="Opening the page" />}>
          <Switch>
            {pages.map(({ path, page: P }) => (
              <Route key={path} path={path}>
                {(params) => <P params={params as Record<string, string | undefined>} />}
              </Route>
            ))}
            <Route>
              <Missing />
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Frame>
  );
}
