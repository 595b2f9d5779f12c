namespace Tollgate.Inference.Grammars;

/// <summary>What the client wrote passes a bound of <see cref="GrammarBudget"/>; the message names the bound.</summary>
internal sealed class GrammarTooLargeException(string message) : Exception(message);
