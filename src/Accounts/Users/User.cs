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

    /// <summary>IANA name of the zone in which pages show times; null until the browser or the user has named one.</summary>
    public string? TimeZone { get; init; }

    /// <summary>When the account is deleted unless the user cancels before. Stays when it is deleted; null for any other.</summary>
    public DateTimeOffset? LeavesAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<User>
    {
        public void Configure(EntityTypeBuilder<User> user)
        {
            user.Property(u => u.Id).ValueGeneratedNever();
            user.Property(u => u.TimeZone).HasMaxLength(64);
        }
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
