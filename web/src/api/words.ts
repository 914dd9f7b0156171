/** errorSearch selects what reports call an error. */
export const errorSearch = "event_type:agent.error OR status:(error OR timeout) OR has:error_type OR has:error";
