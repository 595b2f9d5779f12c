namespace Tollgate.Accounts.SingleSignOn;

/// <summary>A provider, or a token of it, does not do what sign-in needs. The message is for the organization's people.</summary>
internal sealed class ProviderFaultException : Exception
{
    public ProviderFaultException(string message)
        : base(message)
    {
    }

    public ProviderFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public ProviderFaultException()
    {
    }
}
