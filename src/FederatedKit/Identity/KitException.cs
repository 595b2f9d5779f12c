namespace Tollgate.FederatedKit.Identity;

/// <summary>What a person must change; the message says it in a sentence.</summary>
internal sealed class KitException(string message) : Exception(message);
