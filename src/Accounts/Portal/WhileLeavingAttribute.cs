namespace Tollgate.Accounts.Portal;

/// <summary>
/// Marks a page that stays open to somebody whose account is to be deleted. Every other page leads to the one that offers to keep it.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class WhileLeavingAttribute : Attribute;
