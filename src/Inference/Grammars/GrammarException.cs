namespace Tollgate.Inference.Grammars;

/// <summary>What the client wrote cannot be used; the message names it.</summary>
internal sealed class GrammarException(string message) : Exception(message);
