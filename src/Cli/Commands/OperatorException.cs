namespace Tollgate.Cli.Commands;

/// <summary>An operator's command failed; the message is for the terminal.</summary>
public sealed class OperatorException(string message, Exception? inner = null) : Exception(message, inner);
