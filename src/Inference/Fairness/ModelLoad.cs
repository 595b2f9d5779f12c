namespace Tollgate.Inference.Fairness;

/// <summary>How busy a model is.</summary>
/// <param name="Active">Requests in slots, or that have had a turn.</param>
/// <param name="Queued">Requests that wait for their first slot or turn.</param>
internal readonly record struct ModelLoad(int Active, int Queued);
