using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.Users;

/// <summary>A person who can sign in. The user name is the e-mail address.</summary>
internal sealed class User : IdentityUser<Guid>
{
    /// <summary>Whether the user runs this installation and sees the admin pages.</summary>
    public bool IsOperator { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<User>
    {
        public void Configure(EntityTypeBuilder<User> user) => user.Property(u => u.Id).ValueGeneratedNever();
    }
}

/// <summary>Names of roles in the session's claims.</summary>
internal static class Roles
{
    public const string Operator = "operator";

    /// <summary>Whether an endpoint is for operators only.</summary>
    public static bool AreOperators(Endpoint? endpoint) =>
        endpoint?.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(rule => rule.Roles == Operator) == true;
}
