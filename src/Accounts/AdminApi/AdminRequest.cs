using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Tollgate.Accounts.AdminApi;

/// <summary>A request with an <c>Idempotency-Key</c>: that it ran, and its answer.</summary>
internal sealed class AdminRequest
{
    public required Guid AdminKeyId { get; init; }

    /// <summary>SHA-256 of the client's key.</summary>
    public required byte[] Name { get; init; }

    /// <summary>SHA-256 of method, path and body.</summary>
    public required byte[] Digest { get; init; }

    public required Guid RequestId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Sealed; null while it runs, and where its outcome is unknown.</summary>
    public string? Answer { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AdminRequest>
    {
        public void Configure(EntityTypeBuilder<AdminRequest> request)
        {
            request.ToTable("admin_requests");
            request.HasKey(r => new { r.AdminKeyId, r.Name });
            request.HasIndex(r => r.At);
            request.HasOne<AdminKey>().WithMany().HasForeignKey(r => r.AdminKeyId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
