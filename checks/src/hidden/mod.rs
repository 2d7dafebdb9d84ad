//! What no output may show: the values of Secrets, and the credentials among a cell's own input.

mod inputs;
mod secrets;

pub use inputs::inputs_secrets;
pub use secrets::secret_values;
