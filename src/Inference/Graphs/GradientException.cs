namespace Tollgate.Inference.Graphs;

/// <summary>A graph cannot be trained; the message names the node and the reason.</summary>
public sealed class GradientException(string message, Exception? inner = null) : Exception(message, inner);
