namespace Tollgate.Inference.Tasks;

/// <summary>A model failed on a valid input, or gave numbers that cannot be right.</summary>
internal sealed class ModelRunException(string message, Exception? inner = null) : Exception(message, inner);
