using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Ends a request to the admin API with an error wherever it is thrown.</summary>
internal sealed class AdminRefusal(OpenAiError error) : Exception(error.Message)
{
    public OpenAiError Error => error;

    /// <summary>404: no object of the organization has the id.</summary>
    public static AdminRefusal NotFound(AdminIds kind, string? id) => new(OpenAiError.AdminObjectNotFound(kind.What, id ?? ""));
}
