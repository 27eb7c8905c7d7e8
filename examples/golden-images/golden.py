"""Golden images: published for teams, accepted by them, and retired when they are old."""

import datetime

MONTHS = datetime.timedelta(days=90)


def publish(cloud, name, data, teams):
    """Upload an image and offer it to projects; the image."""
    image = cloud.image.create_image(
        name, data=data, disk_format="raw", container_format="bare", tags=["golden"]
    )
    for team in teams:
        cloud.image.add_member(image, member_id=team)
    return image


def accept_all(cloud):
    """Accept every golden image that is offered to the project; their names."""
    offered = list(
        cloud.image.images(visibility="shared", member_status="pending", tag=["golden"])
    )
    for image in offered:
        cloud.image.update_member(cloud.current_project_id, image, status="accepted")
    return [image.name for image in offered]


def retire(cloud, today):
    """Hide golden images that are older than three months; their names."""
    retired = []
    for image in cloud.image.images(tag=["golden"], owner=cloud.current_project_id):
        made = datetime.datetime.fromisoformat(image.created_at.replace("Z", "+00:00"))
        if today - made > MONTHS:
            cloud.image.update_image(image, os_hidden=True)
            retired.append(image.name)
    return retired
