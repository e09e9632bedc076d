//! AxonPush.
