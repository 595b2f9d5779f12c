using Tollgate.Contracts.Administration;

namespace Tollgate.Accounts.AdminApi;

/// <summary>A request to the admin API whose key is proved.</summary>
/// <param name="context">Of the request from the gateway.</param>
/// <param name="body">All of it; empty without one.</param>
internal sealed class AdminCall(HttpContext context, AdminKey key, ReadOnlyMemory<byte> body)
{
    public AdminKey Key => key;

    public Guid OrganizationId => key.OrganizationId;

    /// <summary>The owner for whom the key acts.</summary>
    public Guid OwnerId => key.CreatedBy;

    public IServiceProvider Services => context.RequestServices;

    /// <summary>The change goes on when the client leaves: it is short, and its answer is kept for a retry.</summary>
    public CancellationToken Stop => HttpMethods.IsGet(context.Request.Method) ? context.RequestAborted : CancellationToken.None;

    public IQueryCollection Query => context.Request.Query;

    /// <summary>Whether the path is that of a project.</summary>
    public bool HasProject => context.Request.RouteValues.ContainsKey("project");

    /// <summary>A value of the path.</summary>
    public string Text(string name) => (string)context.Request.RouteValues[name]!;

    /// <summary>An id in the path.</summary>
    /// <exception cref="AdminRefusal">404: it is no id of this kind.</exception>
    public Guid Id(string name, AdminIds kind) => kind.Find(Text(name)) ?? throw AdminRefusal.NotFound(kind, Text(name));

    /// <summary>The members of the body.</summary>
    /// <typeparam name="T">The record that describes it.</typeparam>
    /// <exception cref="AdminRefusal">It is no such body.</exception>
    public AdminMembers Read<T>() =>
        AdminBody.TryParse<T>(body, out var members, out var error) ? new AdminMembers(members) : throw new AdminRefusal(error);

    /// <summary>The query of a list.</summary>
    public AdminQuery List(IReadOnlyList<string>? single = null, IReadOnlyList<string>? lists = null) =>
        AdminQuery.OfList(Query, single, lists);
}
