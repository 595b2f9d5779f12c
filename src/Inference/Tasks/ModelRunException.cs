namespace Tollgate.Inference.Tasks;

/// <summary>A model failed on a valid input, or gave numbers that are not finite.</summary>
internal sealed class ModelRunException(string message, Exception? inner = null) : Exception(message, inner);
