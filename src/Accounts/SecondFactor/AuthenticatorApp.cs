using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.SecondFactor;

/// <summary>A user's authenticator app. Two-step verification is on once the app has shown a right code.</summary>
internal sealed class AuthenticatorApp
{
    public required Guid UserId { get; init; }

    /// <summary>The secret that the app shares, sealed with Data Protection.</summary>
    public required string SealedSecret { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a code of the app was right for the first time; null before.</summary>
    public DateTimeOffset? ConfirmedAt { get; private set; }

    /// <summary>Step of the newest code that was accepted; 0 before.</summary>
    public long LastStep { get; private set; }

    public void Confirm(DateTimeOffset at, long step) => (ConfirmedAt, LastStep) = (at, step);

    internal sealed class Mapping : IEntityTypeConfiguration<AuthenticatorApp>
    {
        public void Configure(EntityTypeBuilder<AuthenticatorApp> app)
        {
            app.ToTable("authenticator_apps");
            app.HasKey(a => a.UserId);
            app.Property(a => a.UserId).ValueGeneratedNever();
            app.HasOne<User>().WithOne().HasForeignKey<AuthenticatorApp>(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

/// <summary>A code that stands in for the app, once.</summary>
internal sealed class RecoveryCode
{
    public required Guid UserId { get; init; }

    /// <summary>SHA-256 of the code. The code itself has 80 random bits and is not stored.</summary>
    public required byte[] CodeSha256 { get; init; }

    public DateTimeOffset? UsedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<RecoveryCode>
    {
        public void Configure(EntityTypeBuilder<RecoveryCode> code)
        {
            code.ToTable("recovery_codes");
            code.HasKey(c => new { c.UserId, c.CodeSha256 });
            code.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}
